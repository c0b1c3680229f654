export default defineAction(async (event, form) => {
  const product = form.get('product') ?? ''
  if (!PRODUCTS.includes(product))
    throw createError({ statusCode: 400, message: 'There is no such product.' })
  const session = await useSession(event)
  // A function runs again on the newest data when two requests collide, so that no click is lost.
  await session.update(({ cart = {} }) => ({ cart: changed(cart, product, form.has('remove') ? -1 : 1) }))
  return { message: `${product}: ${session.data.cart?.[product] ?? 0} in the cart.`, quiet: true }
})

function changed(cart: Record<string, number>, product: string, change: number): Record<string, number> {
  const { [product]: count = 0, ...others } = cart
  return count + change > 0 ? { ...others, [product]: count + change } : others
}
