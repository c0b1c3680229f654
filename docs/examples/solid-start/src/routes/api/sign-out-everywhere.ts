import type { APIEvent } from '@solidjs/start/server'
import { useSession } from 'unsession/h3'
import { type Shopper, store } from '../../sessions'

export async function POST({ nativeEvent }: APIEvent) {
  const { data } = await useSession<Shopper>(nativeEvent)
  if (!data.userId) return Response.json({ message: 'Sign in first.' }, { status: 401 })
  return { ended: await store.destroyAll({ user: data.userId }) }
}
