import { createHash, createHmac } from 'node:crypto'
import { deflateSync } from 'node:zlib'

interface Fixture {
  /** As stored. */
  value: string
  data: Record<string, unknown>
}

/** Made by Django 5.2.17 itself, with this `SECRET_KEY` and an engine whose class is `SessionStore`. */
export const DJANGO: Record<'small' | 'compressed' | 'old', Fixture> & { secret: string } = {
  secret: 'a secret key of Django, only for these tests',
  small: {
    value: 'eyJfYXV0aF91c2VyX2lkIjoiNyIsIm4iOjF9:1xW0O1:_DJCGpPUO83dqTjr1KHY7wmdM2Z_sYuLljQgV1oprQc',
    data: { _auth_user_id: '7', n: 1 },
  },
  compressed: {
    value:
      '.eJyrVopPLC3JiC8tTi2Kz0xRslIyV9JBFktKTM5OzQNJpGQl5qXn6yXn55UUZSbpgZToQWWL9XzzU1JznKBqUQzISCzOAOpOTKIMAg1NTiwqUbKKrlYqzi4FmggkdQ2AwiWZJTmpQL57UUypgUGaGYhMSUtViCk1MjMwVqrVQdZgSKoGI1I1GBOhIbYWAKUXfAU:1xW0O1:wJN2-s9f3D-w8Hk7wjKqDnKgz5YYgbtc_aOFjK8o_Yg',
    data: {
      _auth_user_id: '7',
      _auth_user_backend: 'django.contrib.auth.backends.ModelBackend',
      _auth_user_hash: 'ab'.repeat(32),
      cart: Array.from({ length: 4 }, (_, index) => ({ sku: `sku-${index}`, title: 'Größe ☃' })),
    },
  },
  /** As before 3.1, by Django's `salted_hmac` and serializer. */
  old: {
    value: 'ZTBiNGUxZGVhMWY4Zjc4Y2M3ZWZiZjJlMmJlNjEzNGEyNmMxZGMzNzp7Il9hdXRoX3VzZXJfaWQiOiI3IiwibiI6MX0=',
    data: { _auth_user_id: '7', n: 1 },
  },
}

/** JSON as Python writes it: ASCII. */
function pythonJson(data: unknown): Buffer {
  const text = JSON.stringify(data).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return Buffer.from(text, 'latin1')
}

function saltedHmac(algorithm: string, salt: string, secret: string, value: Buffer | string): Buffer {
  const key = createHash(algorithm)
    .update(salt + secret)
    .digest()
  return createHmac(algorithm, key).update(value).digest()
}

/** `django.core.signing.dumps` with `compress=True`, as `SessionBase.encode` calls it since Django 3.1. */
export function encodeSigned(data: unknown, secret: string, className = 'SessionStore'): string {
  const json = pythonJson(data)
  const deflated = deflateSync(json)
  const isShorter = deflated.length < json.length - 1
  const payload = isShorter ? `.${deflated.toString('base64url')}` : json.toString('base64url')
  const signed = `${payload}:1xW0O1`
  const salt = `django.contrib.sessions.${className}signer`
  return `${signed}:${saltedHmac('sha256', salt, secret, signed).toString('base64url')}`
}

/** `SessionBase.encode` before Django 3.1. */
export function encodeDigested(data: unknown, secret: string, className = 'SessionStore'): string {
  const json = pythonJson(data)
  const digest = saltedHmac('sha1', `django.contrib.sessions${className}`, secret, json).toString('hex')
  return Buffer.concat([Buffer.from(`${digest}:`), json]).toString('base64')
}
