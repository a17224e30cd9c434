const meta = document.querySelector<HTMLMetaElement>('meta[name=application-name]')

/** How the service is called here. */
export const brandName = meta?.content ?? ''
