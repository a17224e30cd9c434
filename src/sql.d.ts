declare module '*.sql' {
  const text: string
  // biome-ignore lint/style/noDefaultExport: how Bun hands over an imported text
  export default text
}
