/** Password of the tokens. */
export const PASSWORD = 'a password of at least 32 characters'

const CONNECTION = {
  region: 'us-east-1',
  table: 'sessions',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
}

/** Creates the table of the sessions, without an index. */
export async function createSessionTable(entries, endpoint) {
  const { createTable } = await import(entries.table)
  await createTable({ ...CONNECTION, endpoint })
}

/** Returns the store of one instance. */
export async function openDynalite(entries, endpoint, options = {}) {
  const { createSessionStore } = await import(entries[''])
  const { default: dynamodb } = await import(entries['drivers/dynamodb'])
  return createSessionStore({ storage: dynamodb({ ...CONNECTION, ...options, endpoint }) })
}
