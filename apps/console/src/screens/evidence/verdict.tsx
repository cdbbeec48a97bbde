/** What the verifier says of a pack, in the words of `verify.html`. @module */
import { Accordion, Alert, List, Stack, Text, Title } from '@mantine/core'
import { CircleCheck, CircleX } from 'lucide-react'
import { checksOf, factsOf, sectionsOf, testRowsOf, verdictOf } from '../../../../verifier/words.ts'
import type { PackReport } from '../../../../../src/evidence/verify/report.ts'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { words } from '../../words/words.ts'

const t = words.evidence.packs

export function Verdict({ report, seconds }: { report: PackReport; seconds: number }) {
  const { isGood, title, lines } = verdictOf(report)
  return (
    <Stack gap="sm" data-testid="verdict" data-integrity={report.integrity}>
      <Alert
        color={isGood ? 'teal' : report.integrity ? 'orange' : 'red'}
        icon={isGood ? <CircleCheck aria-hidden /> : <CircleX aria-hidden />}
        title={title}
        role="status"
      >
        <Stack gap={4}>
          <Text size="sm">{report.integrity ? t.integrity : t.noIntegrity}</Text>
          {[...lines, ...factsOf(report, seconds)].map((line) => (
            <Text key={line} size="sm">
              {line}
            </Text>
          ))}
        </Stack>
      </Alert>
      {report.simulated && <Alert color="yellow">{t.simulated}</Alert>}
      <Accordion variant="contained" multiple order={3} defaultValue={report.ok ? [] : ['0']}>
        {[...sectionsOf(report), checksOf(report)].map((section, index) => (
          <Accordion.Item key={section.title} value={String(index)}>
            <Accordion.Control>
              {section.title} ({section.lines.length})
            </Accordion.Control>
            <Accordion.Panel>
              <List size="sm" spacing={4}>
                {section.lines.map((line, at) => (
                  <List.Item key={at}>{line}</List.Item>
                ))}
              </List>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
        <Accordion.Item value="tests">
          <Accordion.Control>{t.tests}</Accordion.Control>
          <Accordion.Panel>
            <TestTable report={report} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  )
}

type TestRow = ReturnType<typeof testRowsOf>[number]

const COLUMNS: readonly Cell<TestRow>[] = [
  { name: words.evidence.number, cell: ({ cells: [number] }) => number },
  { name: words.evidence.testName, cell: ({ cells: [, what] }) => what },
  {
    name: words.evidence.result,
    cell: ({ cells: [, , outcome], deviates }) => (
      <Text size="sm" {...(deviates ? { c: 'red', fw: 600 } : {})}>
        {outcome}
      </Text>
    ),
  },
]

function TestTable({ report }: { report: PackReport }) {
  return (
    <Listing
      label={t.tests}
      rows={testRowsOf(report)}
      columns={COLUMNS}
      keyOf={({ cells: [number] }) => number}
      none={words.values.none}
      minWidth={520}
    />
  )
}

export function VerifierFault({ code, message }: { code: string; message: string }) {
  return (
    <Alert color="red" icon={<CircleX aria-hidden />} role="alert" title={t.cannotVerify}>
      <Title order={4} size="sm" className="mono">
        {code}
      </Title>
      {message}
    </Alert>
  )
}
