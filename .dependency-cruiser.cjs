/**
 * Which folder may import which: design rules as failing checks (`npm run check:arrows`).
 * Each folder under src/ lists what it may import; the list is closed, so a new arrow is a decision made here.
 */

/** Tests may import anything: they put real parts together. */
const TEST = '\\.test\\.ts$'

/** The package's entry points: composition roots that lie in src. docs/adr/0010 */
const SDK = '^src/enforce/(sdk|protocol)\\.ts$'

/** What each folder may import besides itself. Paths are regular expressions from the repository's root. */
const ARROWS = {
  core: [],
  ports: ['src/core/'],
  token: ['src/core/'],
  // A `revocation` entry holds a frame, so its schema is the frame's; entries of the kill switch hold statements.
  log: ['src/core/', 'src/revoke/(frame|statement)\\.ts$'],
  decide: ['src/core/', 'src/token/', 'src/revoke/(state|frame)\\.ts$'],
  // People lift kills by gestures. docs/adr/0029
  revoke: ['src/core/', 'src/token/(gesture|constants)\\.ts$', 'src/ports/'],
  // What leaves is attested: statements stand on gestures and commitments. docs/adr/0046
  provenance: ['src/core/', 'src/token/(gesture|constants)\\.ts$', 'src/log/commitment\\.ts$'],
  // What a fold found becomes an alert in the registers, and spans from outside are held against them.
  registry: [
    'src/core/',
    'src/token/',
    'src/log/',
    'src/revoke/',
    'src/provenance/',
    'src/observe/(fold|otlp/seen)\\.ts$',
    'src/ports/',
  ],
  observe: ['src/core/', 'src/token/', 'src/log/', 'src/ports/'],
  respond: [
    'src/core/',
    'src/token/',
    'src/log/',
    'src/revoke/',
    'src/registry/',
    'src/observe/',
    'src/ports/',
  ],
  // A point sees for itself what an approval attests, and digests what leaves. docs/adr/0051
  enforce: [
    'src/core/',
    'src/token/',
    'src/decide/',
    'src/log/',
    'src/revoke/',
    'src/provenance/',
    'src/ports/',
  ],
  evidence: [
    'src/core/',
    'src/token/',
    'src/log/',
    'src/decide/',
    'src/revoke/(frame|statement|kill-rules)\\.ts$',
    // The manifest of a pack is signed as an attestation is. docs/adr/0064
    'src/provenance/(dsse|errors|pack-statement)\\.ts$',
    'src/ports/',
  ],
  // Frames, snapshots, statements and trust lists are parsed where they arrive. docs/adr/0028
  adapters: ['src/core/', 'src/ports/', 'src/revoke/(frame|poll|snapshot|statement|trust-list)\\.ts$'],
}

/** Where a folder may look for types only, or for the errors and entry schemas of what it stores. */
const ALSO_TYPES = {
  decide: ['src/log/'],
  log: ['src/ports/'],
  revoke: ['src/log/receipt\\.ts$'],
  ports: ['src/'],
  adapters: ['src/'],
}

/** Files that hold a folder's error class: an adapter throws the errors of the noun it stores. */
const ERROR_FILES = 'src/[^/]+/(errors|entries)\\.ts$'

function arrow(folder, allowed) {
  const also = ALSO_TYPES[folder]
  // What the SQL dialects share lies beside them (docs/adr/0015); a vault stands on its dialect's connection, and key
  // files and vaults are under one passphrase (docs/adr/0027).
  const own = folder === 'adapters' ? 'src/adapters/($1(-vault)?|sql|passphrase)/' : `src/${folder}/`
  const from =
    folder === 'adapters'
      ? '^src/adapters/([^/]+?)(?:-vault)?/'
      : folder === 'evidence'
        ? '^src/evidence/(?!verify/)'
        : `^src/${folder}/`
  const pathNot = [own, ...allowed, ...(folder === 'adapters' ? [ERROR_FILES] : [])].map((path) => `^${path}`)
  return {
    name: `arrow-${folder}`,
    comment: `src/${folder} may import only: itself${allowed.map((path) => `, ${path}`).join('')}`,
    severity: 'error',
    from: { path: from, pathNot: folder === 'enforce' ? [TEST, SDK] : TEST },
    to: {
      path: '^src/',
      pathNot,
      ...(also === undefined ? {} : { dependencyTypesNot: ['type-only'] }),
    },
  }
}

/** The second half of {@link ALSO_TYPES}: a type-only import must still come from the places named there. */
function typeArrow(folder, allowed) {
  return {
    name: `arrow-${folder}-types`,
    comment: `src/${folder} may import types only from: ${allowed.join(', ')}`,
    severity: 'error',
    from: { path: `^src/${folder}/`, pathNot: TEST },
    to: {
      path: '^src/',
      pathNot: [`src/${folder}/`, ...ARROWS[folder], ...allowed].map((path) => `^${path}`),
    },
  }
}

module.exports = {
  forbidden: [
    ...Object.entries(ARROWS).map(([folder, allowed]) => arrow(folder, allowed)),
    ...Object.entries(ALSO_TYPES)
      .filter(([, allowed]) => !allowed.includes('src/'))
      .map(([folder, allowed]) => typeArrow(folder, allowed)),
    {
      name: 'arrow-evidence-verify',
      comment:
        'The verifier and the tests of a pack are pure: core, token, log, decide, revocation frames, and what packs are made of. docs/adr/0005',
      severity: 'error',
      from: { path: '^src/evidence/(verify|tests)/', pathNot: TEST },
      to: {
        path: '^src/',
        pathNot:
          '^src/(core/|token/|log/|decide/|evidence/(verify|bundles|receipts|populations|samples|tests|controls|report|oscal|companions)/|evidence/(history|passkeys|errors)\\.ts$|evidence/pack/(archive|files|manifest|companions|companion-names)\\.ts$|ports/codec\\.ts$|revoke/(frame|statement|kill-rules)\\.ts$|provenance/(dsse|errors|pack-statement)\\.ts$)',
      },
    },
    {
      name: 'src-never-imports-apps',
      comment: 'apps/ are the composition roots: they choose, src is chosen from',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(apps|bench|examples)/' },
    },
    {
      name: 'only-apps-choose-adapters',
      comment: 'src knows ports; apps/, examples/, bench/ and tests choose the adapters',
      severity: 'error',
      from: { path: '^src/', pathNot: [TEST, '^src/adapters/', SDK] },
      to: { path: '^src/adapters/' },
    },
    {
      name: 'the-sdk-chooses-crypto-alone',
      comment: 'docs/adr/0010: what an agent embeds is the client side of enforce and one adapter',
      severity: 'error',
      from: { path: SDK },
      to: {
        path: '^(src|apps)/',
        pathNot: '^src/(core/|token/|decide/|ports/|enforce/|adapters/(node-crypto|software-authenticator)/)',
      },
    },
    {
      name: 'the-witness-is-independent',
      comment: 'docs/adr/0017: another party runs it, so it knows the log and nothing of the control plane',
      severity: 'error',
      from: { path: '^apps/witness/' },
      to: {
        path: '^(src|apps)/',
        pathNot: '^(apps/witness/|src/core/|src/log/|src/ports/|src/adapters/(fs|node-crypto)/)',
      },
    },
    {
      name: 'tests-are-not-imported',
      comment: 'nothing that ships imports a test or its helpers',
      severity: 'error',
      from: { path: '^(src|apps)/', pathNot: TEST },
      to: { path: `(^test/|${TEST})` },
    },
    {
      name: 'pure-folders-import-no-builtins',
      comment:
        'core, token, decide, log and provenance also run in browsers: platform things come through ports',
      severity: 'error',
      from: { path: '^src/(core|token|decide|log|provenance)/', pathNot: TEST },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-circular',
      comment:
        'a cycle means that two files are one; a screen and its dialogs may name types of each other (import/no-cycle sees values)',
      severity: 'error',
      from: { pathNot: '^apps/console/' },
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'a module that nothing imports and that imports nothing is not used',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          TEST,
          '^test/',
          '^examples/',
          '^bench/',
          '^apps/[^/]+/main\\.ts$',
          '^[^/]+\\.config\\.ts$',
          '\\.d\\.ts$',
        ],
      },
      to: {},
    },
    {
      name: 'no-unresolvable',
      comment: 'an import that resolves to nothing',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies-in-src',
      comment:
        'what ships may import only the dependencies that ship with it; verifiers and console are bundled before that',
      severity: 'error',
      from: { path: '^(src|apps)/', pathNot: [TEST, '^apps/verifier/bundle\\.ts$', '^apps/console/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(apps/console/)?dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
