#!/usr/bin/env node
// Starts the CLI. Plain JavaScript, so that a Node that is too old can still say so.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `countersign needs Node 22.18 or newer, and this is Node ${process.versions.node}.\n` +
      'In a clone, `npm run countersign -- <command>` runs it under the Node that npm ci installed.\n',
  )
  process.exit(1)
}

// In a clone the sources run as they are; a published package has them compiled, because Node does not
// strip types below node_modules.
const source = new URL('../apps/cli/main.ts', import.meta.url)
const compiled = new URL('../dist/apps/cli/main.js', import.meta.url)
await import(existsSync(source) ? source : compiled)
