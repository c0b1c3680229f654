import type { APIEvent } from '@solidjs/start/server'
import { useSession } from 'unsession/h3'
import type { Shopper } from '../../../sessions'

export async function POST({ nativeEvent, params }: APIEvent) {
  const session = await useSession<Shopper>(nativeEvent)
  // A function runs again on the newest data when two requests collide: no click is lost.
  await session.update(({ cart = [] }) => ({ cart: [...cart, params.product ?? ''] }))
  return { cart: session.data.cart }
}
