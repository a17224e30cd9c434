const meta = document.querySelector<HTMLMetaElement>('meta[name=application-name]')

/** The name of the service. */
export const brandName = meta?.content ?? ''
