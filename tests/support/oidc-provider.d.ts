/** What of `oidc-provider`, which brings no types, the tests use. */
declare module 'oidc-provider' {
  type Interaction = { params: Record<string, string>; session?: { accountId: string } }
  type Context = {
    path: string
    req: object
    res: object
    status: number
    body: unknown
    type: string
    redirect(to: string): void
  }
  export class Provider {
    constructor(issuer: string, configuration: object)
    Grant: new (of: {
      accountId: string
      clientId: string | undefined
    }) => {
      addOIDCScope(scope: string | undefined): void
      save(): Promise<string>
    }
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): void
    callback(): (req: object, res: object) => void
    interactionDetails(req: object, res: object): Promise<Interaction>
    interactionResult(req: object, res: object, result: object, options: object): Promise<string>
  }
}
