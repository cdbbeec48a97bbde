/**
 * Builds the verifiers that auditors get apart from any pack: `verify.mjs`, `verify.html` and `SHA256SUMS`, the same
 * bytes from the same sources. docs/verifying.md
 * @module
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64, hex, utf8 } from '../../src/core/encoding.ts'
import { bundle } from './bundle.ts'

const HERE = import.meta.dirname
const SHEBANG = '#!/usr/bin/env node\n'

/** By name. */
export async function verifierFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map([
    ['verify.html', await page()],
    ['verify.mjs', SHEBANG + (await bundle(join(HERE, 'main.ts'), 'node'))],
  ])
  const sums = [...files].map(([name, text]) => `${hex(nodeCrypto.sha256(utf8(text)))}  ${name}\n`)
  return files.set('SHA256SUMS', sums.join(''))
}

async function page(): Promise<string> {
  const [template = '', style = ''] = await Promise.all(
    ['page.html', 'page.css'].map((name) => readFile(join(HERE, name), 'utf8')),
  )
  const script = asElement(await bundle(join(HERE, 'page.js'), 'browser-script'))
  const worker = asElement(await bundle(join(HERE, 'worker.ts'), 'browser-script'))
  const parts = new Map(Object.entries({ STYLE: style, WORKER: worker, PAGE: script }))
  const filled = template.replaceAll(/%([A-Z]+)%/g, (whole, name: string) => parts.get(name) ?? whole)
  return filled.replace('%POLICY%', policyFor(filled))
}

/** Nothing but what is in the file: no network, no other script, no frame. The worker is made from the page's own text. */
function policyFor(html: string): string {
  const hashOf = (element: string): string => {
    const content = html.split(`<${element}>`)[1]?.split(`</${element}>`)[0]
    if (content === undefined) throw new Error(`the page has no ${element}`)
    return `'sha256-${base64(nodeCrypto.sha256(utf8(content)))}'`
  }
  return [
    "default-src 'none'",
    `script-src ${hashOf('script')}`,
    `style-src ${hashOf('style')}`,
    'worker-src blob:',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

/** Code that stands in an element of HTML must not end it. In strings, the only place for it, both spell the same. */
function asElement(code: string): string {
  return code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')
}
