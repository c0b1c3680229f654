import { createServerFn } from '@tanstack/react-start'
import { getRequest } from '@tanstack/react-start/server'
import { useSession } from 'unsession/fetch'
import type { Shopper } from './sessions'

export const getShopper = createServerFn().handler(async () => {
  const { data } = await useSession<Shopper>(getRequest())
  return { name: data.name ?? null, cart: data.cart ?? [] }
})
