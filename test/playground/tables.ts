import { describe, expect, test } from 'vitest'
import { startDynalite } from '../support/engines/engines.ts'
import { startPlayground, temporaryFolder } from './playground.ts'
import { Visitor, sessionOn } from './visitor.ts'

/** Tests the playground with other tables than its own. */
export function describeTables(): void {
  describe('another table', () => {
    test('--endpoint: sessions are stored there, and an outage shows an error page and keeps the cookie', async () => {
      const engine = await startDynalite()
      const other = temporaryFolder()
      const elsewhere = await startPlayground(
        ['--port', '0', '--data', other.path, '--endpoint', engine.endpoint, '--table', 'shop'],
        { AWS_ACCESS_KEY_ID: '', AWS_REGION: 'us-east-1' },
      )
      try {
        const visitor = new Visitor(elsewhere.urls[0]!)
        const page = await visitor.post('/sign-in', { name: 'Ada' })
        expect(sessionOn(page)?.data).toMatchObject({ name: 'Ada' })
        expect(page.text).toContain(`the table shop at ${engine.endpoint}`)

        await engine.stop()
        const failed = await visitor.submit('/count')
        expect(failed.status).toBe(503)
        expect(failed.text).toContain('UNAVAILABLE')
        expect(failed.headers.getSetCookie()).toEqual([])
        const { headers, text } = await visitor.submit('/count', {}, { accept: 'application/json' })
        expect(headers.get('content-type')).toContain('application/json')
        expect(JSON.parse(text)).toMatchObject({ statusCode: 503, data: { code: 'UNAVAILABLE' } })
        const shown = await visitor.at(elsewhere.urls[1]!).get()
        expect(shown.status).toBe(503)
        expect(shown.text).toContain('The sessions are out of reach')
      } finally {
        await engine.stop()
        const { code } = await elsewhere.stop()
        other.remove()
        expect(code).toBe(0)
      }
    })

    test('--aws without credentials reports that they are missing', async () => {
      const none = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/nowhere', HOME: '/nowhere' }
      const keys = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '' }
      const aws = await startPlayground(['--aws', '--region', 'eu-west-1'], { ...none, ...keys })
      const { code, output } = await aws.ended
      expect(code).toBe(1)
      expect(output).toContain('Using the table sessions on AWS, region eu-west-1')
      expect(output).toContain('no AWS credentials were found')
    })
  })
}
