// Stands for your database. There, keep hashes of passwords.
export const users = [
  { id: 'u1', name: 'Ada', password: 'open sesame' },
  { id: 'u2', name: 'Grace', password: 'open sesame' },
  { id: 'u3', name: 'Alan', password: 'open sesame' },
]
