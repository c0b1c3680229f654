import { describe, expect, it } from 'vitest'
import { pageText, snippetsIn } from '../support/snippets.ts'
import { typeErrors } from '../support/type-errors.ts'

const snippets = snippetsIn(pageText('docs/migrate.md')).flatMap(({ language, code }) =>
  language === 'ts' ? [code] : [],
)

/** Declarations that a snippet takes from the snippet before it, or from Nuxt. */
const GLOBALS = `
declare global {
  type Adopter = import('unsession/migrate').Adopter
  const dynamodb: typeof import('unsession/drivers/dynamodb').default
  const createSessionStore: typeof import('unsession').createSessionStore
  const fromExpressSession: typeof import('unsession/migrate').fromExpressSession
  const fromDjango: typeof import('unsession/migrate').fromDjango
  const useSession: (event: object, overrides: Partial<import('unsession/h3').SessionConfig>) => Promise<unknown>
  const store: import('unsession').SessionStore
  const oldTable: import('unsession/drivers/dynamodb').DynamoDBDriver
  const id: string
  const database: {
    findSession(id: string): Promise<{ data: Record<string, unknown>; userId: string; createdAt: number } | undefined>
    deleteSession(id: string): Promise<void>
  }
  const defineNuxtConfig: (config: object) => object
  const defineEventHandler: (handler: (event: object) => unknown) => unknown
}
export {}`

describe('docs/migrate.md', () => {
  it('has snippets that compile', { timeout: 60_000 }, () => {
    expect(typeErrors({ 'wrong.ts': "import { fromExpres } from 'unsession/migrate'" })).toHaveLength(1)
    expect(snippets.length).toBeGreaterThan(8)
    const modules = snippets.map((code, index) => [`snippet-${index + 1}.ts`, code])
    expect(typeErrors({ 'globals.d.ts': GLOBALS, ...Object.fromEntries(modules) })).toEqual([])
  })
})
