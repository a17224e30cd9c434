declare module '*.bin' {
  const path: string
  // biome-ignore lint/style/noDefaultExport: how Bun hands over the path of an imported file
  export default path
}

declare module '*.sql' {
  const text: string
  // biome-ignore lint/style/noDefaultExport: how Bun hands over an imported text
  export default text
}
