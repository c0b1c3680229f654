import type { APIEvent } from '@solidjs/start/server'
import { useSession } from 'unsession/h3'

export async function POST({ nativeEvent }: APIEvent) {
  const session = await useSession(nativeEvent)
  await session.clear()
  return { name: null }
}
