/** Data of the measured sessions: a signed-in visitor with a cart, 385 bytes as JSON. */
export const DATA = {
  user: 'ada',
  visits: 3,
  cart: Array.from({ length: 5 }, (_, index) => ({
    sku: `sku-${index}`,
    title: 'A good product',
    count: 1,
    price: 1299,
  })),
  preferences: { theme: 'dark' },
}

export const PASSWORD = 'a password of more than 32 characters, for measuring'
