import type { SessionTransport } from '../../../src/core/session.ts'
import type { SessionRecord } from '../../../src/core/types.ts'

/** A transport that keeps what the client would have been told. */
export class RecordingTransport implements SessionTransport {
  sent: string[] = []
  failures: unknown[] = []
  isOpen = true

  opened(): void {}

  readonly hasResponse = true

  send({ id, version }: SessionRecord): void {
    this.sent.push(`${id}.${version}`)
  }

  remove(): void {
    this.sent.push('removed')
  }

  readonly isTimed = false

  instrument<R>(work: () => Promise<R>): () => Promise<R> {
    return work
  }

  failed(error: unknown): void {
    this.failures.push(error)
  }
}
