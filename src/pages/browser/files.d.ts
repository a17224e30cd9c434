declare module '*/account.js' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: how Bun hands over the path of an imported file
  export default path
}
declare module '*/account.css' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: how Bun hands over the path of an imported file
  export default path
}
