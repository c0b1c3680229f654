import { createFileRoute } from '@tanstack/react-router'
import { getShopper } from '../shopper'

export const Route = createFileRoute('/')({ loader: () => getShopper(), component: Shop })

function Shop() {
  const { name, cart } = Route.useLoaderData()
  return (
    <>
      <h1>Hello {name ?? 'stranger'}</h1>
      <ul>
        {cart.map((product, index) => (
          <li key={index}>{product}</li>
        ))}
      </ul>
    </>
  )
}
