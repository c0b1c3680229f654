import { createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
import { sessionMiddleware } from 'unsession/h3'

export interface Shopper {
  userId?: string
  name?: string
  cart?: string[]
}

// Table, region and credentials come from the environment.
export const store = createSessionStore({ storage: dynamodb(), idleTimeout: 30 * 60 })

export const sessions = sessionMiddleware({
  store,
  password: process.env.SESSION_PASSWORD ?? '', // random, 32 characters or more
  cookie: { secure: import.meta.env.PROD },
})
