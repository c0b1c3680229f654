import { createAsync, query } from '@solidjs/router'
import { For } from 'solid-js'
import { getRequestEvent } from 'solid-js/web'
import { useSession } from 'unsession/h3'
import type { Shopper } from '../sessions'

const getShopper = query(async () => {
  'use server'
  const { data } = await useSession<Shopper>(getRequestEvent()!.nativeEvent)
  return { name: data.name, cart: data.cart ?? [] }
}, 'shopper')

// The page reads the session before it is sent.
export const route = { preload: () => getShopper() }

export default function Shop() {
  const shopper = createAsync(() => getShopper(), { deferStream: true })
  return (
    <>
      <h1>Hello {shopper()?.name ?? 'stranger'}</h1>
      <ul>
        <For each={shopper()?.cart}>{(product) => <li>{product}</li>}</For>
      </ul>
    </>
  )
}
