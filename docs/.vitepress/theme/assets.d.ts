/** The address of a file that the site copies as it is. */
declare module '*?url' {
  const address: string
  export default address
}
