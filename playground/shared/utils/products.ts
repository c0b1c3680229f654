export const PRODUCTS: readonly string[] = ['Green tea', 'Coffee', 'Notebook', 'Pencil']
