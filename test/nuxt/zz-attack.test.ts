import { writeFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, beforeAll, afterAll } from 'vitest'
import { App, signedIn, visitor } from './app.ts'
import { createProject, build, sessionsIn } from './project.ts'
import { pack } from '../support/pack.ts'
import { start } from '../nitro/server.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable } from '../support/tables.ts'

it('attack', async () => {
  const packed = await pack()
  const table = await createTestTable(anyEngine(), { userIndex: true })
  const project = await createProject(packed, 'attack', 'test/nuxt/fixtures/app')
  const conf = join(project, 'nuxt.config.ts')
  const text = await readFile(conf, 'utf8')
  await writeFile(conf, text.replace("'/browser': {", `'/cdn/**': { headers: { 'cdn-cache-control': 'max-age=60' } },
   '/public/**': { headers: { 'cache-control': 'public, max-age=60' } },
   '/swr/**': { swr: 60 },
   '/browser': {`))
  await writeFile(join(project, 'app/pages/late.vue'), `<script setup lang="ts">
useResponseHeader('cache-control').value = 'public, s-maxage=60'
</script>
<template><SessionCard /></template>
`)
  await writeFile(join(project, 'app/pages/late2.vue'), `<script setup lang="ts">
useResponseHeader('cdn-cache-control').value = 'max-age=60'
</script>
<template><SessionCard /></template>
`)
  await build(project)
  const env = sessionsIn(table)
  const server = await start(project, env)
  const out: string[] = []
  try {
    const ada = await signedIn(server.url)
    for (const path of ['/', '/late', '/late2', '/cdn/nowhere', '/public/nowhere', '/swr/nowhere', '/swr/nowhere', '/cdn', '/_session/', '//_session', '/_session?x=1.css', '/_session/x.css', '/cached/_payload.json', '/swr/x/_payload.json']) {
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'].slice(0, path.startsWith('/_session') ? 4 : 1)) {
      const r = await ada.fetch(server.url + path, { method, headers: { accept: 'text/html' } })
      const body = await r.text()
      out.push([method, path, r.status, 'Ada=' + /Ada/.test(body), JSON.stringify(Object.fromEntries(r.headers))].join(' '))
      }
    }
    for (const [k, own] of Object.entries({ refused: { NUXT_SESSIONS_STORAGE_ENDPOINT: 'http://127.0.0.1:1' }, notable: { NUXT_SESSIONS_STORAGE_TABLE: 'secret-table-name' } })) {
      const bad = await start(project, { ...env, ...own })
      for (const path of ['/', '/_session', '/api/session', '/nowhere']) for (const accept of ['text/html', 'application/json']) {
        const r = await ada.fetch(bad.url + path, { headers: { accept } })
        const body = await r.text()
        out.push([k, path, accept, r.status, JSON.stringify(Object.fromEntries(r.headers)), 'msg:', (body.match(/.{0,80}(unsession|table|GetItem|ECONN).{0,160}/g) ?? []).join(' | ').slice(0, 600)].join(' '))
      }
      await bad.stop()
    }
  } finally {
    await writeFile('/tmp/attack-nuxt.txt', out.join('\n'))
    await server.stop()
    await table.drop()
    await packed.remove()
  }
}, 400_000)
