/** Labels that come with Countersign, held against what the real servers list. spec/labels.md (LBL-14). */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { toolLabelSchema } from '../../../src/core/label.ts'
import { stricter } from '../../../src/registry/suggest/effect.ts'
import { suggestLabel } from '../../../src/registry/suggest/suggest.ts'
import { inspectToolServer } from '../tool-server.ts'
import { packagedLabels } from './packaged.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-packaged-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const packages = createRequire(import.meta.url)
const files = await packagedLabels()

test('are of every server that the gateway is tested with', () => {
  expect(files.map((each) => each.package.replace('@modelcontextprotocol/server-', ''))).toEqual([
    'everything',
    'filesystem',
    'memory',
    'sequential-thinking',
  ])
})

test.each(files)(
  'of $package are of each tool that it lists, as it defines it',
  async ({ package: name, tools }) => {
    const server = join(dirname(packages.resolve(`${name}/package.json`)), 'dist/index.js')
    const args = name.endsWith('filesystem') ? [server, folder] : [server]
    const listed = await inspectToolServer(process.execPath, args)
    const of = ({ tool, definition_hash }: { tool: string; definition_hash: string }) => ({
      tool,
      definition_hash,
    })
    expect(tools.map(of)).toEqual(listed.map(of))
    for (const { definition } of listed) {
      const found = tools.find(({ tool }) => tool === definition.name)
      expect(toolLabelSchema.safeParse(found?.label).success).toBe(true)
      // Whoever wrote it knew the server: it is never stricter than what the words of a definition say.
      const suggested = suggestLabel(definition)?.label.effect ?? 'none'
      expect(stricter(suggested, found?.label.effect ?? 'destructive')).toBe(suggested)
    }
  },
)
