/** Bundles an entry and all that it imports into one text, the same each time. @module */
import { isBuiltin } from 'node:module'
import { build, type Rolldown } from 'vite'

/** Of packages that have code for browsers and for Node: what needs neither. */
const PLAIN = ['module', 'browser', 'default']

/** Where it is to run: a browser as a module or a classic script, or Node. */
export type Target = 'browser-module' | 'browser-script' | 'node'

/** @param entry absolute path. @throws when it would need another file or, in a browser, a module of Node's */
export async function bundle(entry: string, target: Target): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    ...(target === 'node'
      ? { ssr: { noExternal: true, target: 'node' as const, resolve: { conditions: PLAIN } } }
      : {}),
    build: {
      write: false,
      minify: false,
      target: target === 'node' ? 'node22' : 'es2024',
      ...(target === 'node'
        ? { ssr: entry, rollupOptions: { output: { format: 'es' as const } } }
        : {
            lib: {
              entry,
              name: 'countersign',
              formats: [target === 'browser-script' ? ('iife' as const) : ('es' as const)],
            },
          }),
    },
  })) as Rolldown.RolldownOutput | Rolldown.RolldownOutput[]
  const [chunk, ...others] = [built].flat().flatMap(({ output }) => output)
  if (chunk?.type !== 'chunk' || others.length > 0) throw new Error('the bundle is not one file')
  // vite puts an empty module in the place of a builtin.
  const imports = chunk.imports.filter((name) => target !== 'node' || !isBuiltin(name))
  const foreign = [...imports, ...chunk.moduleIds.filter((id) => id.includes('browser-external'))]
  if (foreign.length > 0) throw new Error(`the bundle needs ${foreign.join(', ')}`)
  return chunk.code
}
