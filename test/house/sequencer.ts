/**
 * The order of test files: those that are known to take long begin first, so that none of them is left alone at the end
 * while other workers have nothing to do. Without the list Vitest orders by the sizes of files, which say little here.
 * @module
 */
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** More than half a minute, the longest first. What is not here costs nothing but time. */
const LONG: readonly string[] = [
  'test/flow/simulate.test.ts',
  'test/browser/console/screens.test.ts',
  'test/flow/demo-postgres.test.ts',
  'test/flow/demo.test.ts',
  'test/fault/postgres.test.ts',
  'test/browser/console/states.test.ts',
  'test/browser/console/hostile.test.ts',
  'test/flow/outputs.test.ts',
  'test/browser/report.test.ts',
  'test/flow/shared-vault.test.ts',
  'test/flow/prune.test.ts',
  'test/flow/engagement-cli.test.ts',
  'test/flow/log.test.ts',
  'test/flow/bad-input.test.ts',
  'test/flow/verifiers.test.ts',
  'test/contract/sqlite-vault.test.ts',
  'test/fault/prune.test.ts',
  'test/flow/versions-cli.test.ts',
  'test/contract/postgres.test.ts',
  'test/flow/next-steps.test.ts',
  'test/flow/erase.test.ts',
  'test/flow/passkeys-cli.test.ts',
  'test/fault/kill-log.test.ts',
  'test/fault/erase.test.ts',
  'test/flow/two-nodes-s3.test.ts',
  'apps/server/snapshots.test.ts',
  'test/browser/readme-http.test.ts',
  'test/flow/preview.test.ts',
  'test/fault/kill.test.ts',
  'test/flow/labels.test.ts',
  'test/contract/postgres-vault.test.ts',
  'test/contract/key-store.test.ts',
  'test/flow/witness.test.ts',
  'test/flow/isolation.test.ts',
  'test/fault/leases.test.ts',
  'test/flow/alerts-cli.test.ts',
  'test/flow/access-review.test.ts',
  'test/flow/domains.test.ts',
  'test/flow/drill.test.ts',
  'test/flow/probe.test.ts',
  'test/flow/task.test.ts',
  'test/flow/tool-changes-cli.test.ts',
  'test/fault/witness-kill.test.ts',
  'test/browser/verifier.test.ts',
  'test/flow/gateway-config.test.ts',
]

/** It measures times, which those above would spoil, and takes long itself: it runs beside short ones. */
const FIRST = [...LONG, 'test/fault/revocation.test.ts']
/** It measures times, too: nothing that takes long is left then, and another that measures least of all. */
const LAST: readonly string[] = ['test/browser/console/responsive.test.ts']

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId, project }: TestSpecification): number => {
      const path = relative(project.config.root, moduleId)
      if (LAST.includes(path)) return FIRST.length + 1
      const place = FIRST.indexOf(path)
      return place === -1 ? FIRST.length : place
    }
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b))
  }
}
