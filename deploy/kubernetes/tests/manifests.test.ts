import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'

const folder = join(import.meta.dir, '..')
const files = ['*.yaml', 'migrate/*.yaml', 'create-roles/*.yaml']
  .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(folder)])
  .sort()

type Manifest = { apiVersion: string; kind: string; metadata: { name: string }; [key: string]: unknown }
type Kustomization = { resources: string[]; images: { name: string; newName: string; digest: string }[] }
type Model = new (data: unknown) => { validate(): void }

async function documentsOf(file: string): Promise<unknown[]> {
  const parsed: unknown = Bun.YAML.parse(await Bun.file(join(folder, file)).text())
  return Array.isArray(parsed) ? parsed : [parsed]
}

const all = new Map<string, Manifest[]>()
for (const file of files)
  if (!file.endsWith('kustomization.yaml')) all.set(file, (await documentsOf(file)) as Manifest[])
const manifests = [...all.values()].flat()
const moduleOf = ({ apiVersion, kind }: Manifest) => `kubernetes-models/${apiVersion}/${kind}`

test.each([...all])('%s is what Kubernetes’ schemas want', async (_, documents) => {
  for (const manifest of documents) {
    const { [manifest.kind]: Model } = (await import(moduleOf(manifest))) as Record<string, Model>
    if (!Model) throw new Error(`no model of ${manifest.kind}`)
    new Model(manifest).validate()
  }
})

/** The schemas let unknown keys pass; the types do not. `@ts-expect-error` fails where there is no error. */
test('no manifest has a key that Kubernetes does not know', async () => {
  const literals = manifests.map((manifest, index) => {
    const json = JSON.stringify(manifest)
    const kind = `import('${moduleOf(manifest)}').I${manifest.kind}`
    // The innermost object at its end gets a key that is misspelt; the whole, where that holds anybody's names.
    const wrong = json.replace(isOpen(manifest) ? /\}$/ : /\}(?=[}\]]*$)/, ',"mispelt":1}')
    return `export const m${index}: ${kind} = ${json}\n// @ts-expect-error a key that nobody knows\nexport const w${index}: ${kind} = ${wrong}`
  })
  const generated = join(folder, 'node_modules/.cache/manifests.ts')
  await Bun.write(generated, literals.join('\n'))
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'preserve',
    '--moduleResolution',
    'bundler',
    '--types',
    '',
  ]
  const child = Bun.spawn([join(folder, 'node_modules/.bin/tsc'), ...options, generated], {
    cwd: folder,
    stdout: 'pipe',
  })
  expect([await new Response(child.stdout).text(), await child.exited]).toEqual(['', 0])
}, 120_000)

/** Whose last object is a map of anybody's names. */
function isOpen({ kind }: Manifest): boolean {
  return ['ConfigMap', 'Secret', 'Namespace', 'Service', 'PodDisruptionBudget'].includes(kind)
}

describe('the kustomizations', () => {
  test('name every manifest but the example of secrets, once, and one image by its digest', async () => {
    const named: string[] = []
    const images = new Set<string>()
    for (const file of files.filter((name) => name.endsWith('kustomization.yaml'))) {
      const [{ resources, images: given }] = (await documentsOf(file)) as [Kustomization]
      named.push(...resources.map((resource) => join(file, '..', resource)))
      images.add(JSON.stringify(given))
      for (const { digest } of given) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    }
    expect(named.sort()).toEqual([...all.keys()].filter((file) => file !== 'secrets.example.yaml'))
    expect(images.size).toBe(1)
  })
})

type Pod = {
  automountServiceAccountToken: boolean
  securityContext: object
  terminationGracePeriodSeconds?: number
  containers: { image: string; securityContext: object; volumeMounts: object[]; resources: object; args?: string[] }[]
  volumes: object[]
}
const podOf = (manifest: Manifest) => (manifest.spec as { template: { spec: Pod } }).template.spec
const workloads = manifests.filter(({ kind }) => ['Deployment', 'Job'].includes(kind))

test.each(workloads.map((manifest) => [manifest.metadata.name, podOf(manifest)] as const))(
  '%s runs read-only, not root, without capabilities and without the cluster’s token',
  (_, pod) => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory' } }],
    })
    for (const container of pod.containers)
      expect(container).toMatchObject({
        image: 'manas360',
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: { limits: { memory: expect.any(String) } },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      })
  },
)
