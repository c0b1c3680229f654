import { createStorage, prefixStorage } from 'unstorage'
import memory from 'unstorage/drivers/memory'
import { createStorage as createStorage2, prefixStorage as prefixStorage2 } from 'unstorage2'
import { describe, expect, it } from 'vitest'
import { findConditionalDriver } from '../../src/storage/conditional-driver.ts'
import { conditionalDriver } from '../support/stores/conditional-driver.ts'

const RELEASES = [
  ['unstorage 1', { createStorage, prefixStorage }],
  ['unstorage 2', { createStorage: createStorage2, prefixStorage: prefixStorage2 }],
] as const

describe('a conditional driver', () => {
  it('is found if it is given without a storage', async () => {
    const driver = conditionalDriver()
    expect(await findConditionalDriver(driver)).toEqual({ driver, prefix: '' })
    expect(await findConditionalDriver(memory())).toBeUndefined()
  })

  it.each(RELEASES)('is found behind a mount and a prefix of %s, without a request', async (_, unstorage) => {
    const driver = conditionalDriver()
    const storage = unstorage.createStorage()
    storage.mount('db', driver)
    const found = await findConditionalDriver(unstorage.prefixStorage(storage, 'db:app'))
    expect(found).toEqual({ driver, prefix: 'app:' })
    expect(driver.calls).toEqual([])
    expect(await findConditionalDriver(unstorage.prefixStorage(storage, 'other'))).toBeUndefined()
  })

  it.each(['deleteItem', 'addToSets', 'getSets'] as const)(
    'is refused without the method %s',
    async (name) => {
      const driver = { ...conditionalDriver(), [name]: undefined } as never
      const refused = { code: 'INVALID_OPTION', message: expect.stringContaining(`lacks \`${name}\``) }
      await expect(findConditionalDriver(driver)).rejects.toMatchObject(refused)
    },
  )

  it('is refused behind a storage, too', async () => {
    const driver = conditionalDriver()
    Reflect.deleteProperty(driver, 'addToSets')
    await expect(findConditionalDriver(createStorage({ driver }))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })
})
