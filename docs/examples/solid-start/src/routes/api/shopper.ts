import type { APIEvent } from '@solidjs/start/server'
import { useSession } from 'unsession/h3'
import type { Shopper } from '../../sessions'

export async function GET({ nativeEvent }: APIEvent) {
  const { data } = await useSession<Shopper>(nativeEvent)
  return { name: data.name ?? null, cart: data.cart ?? [] }
}
