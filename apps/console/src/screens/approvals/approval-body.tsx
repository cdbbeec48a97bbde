/** What a person decides on: the call, why it is asked, its arguments, and how they differ from the last time. @module */
import { Alert, Grid, List, Paper, Stack, Text, Title } from '@mantine/core'
import { CircleHelp, ShieldAlert } from 'lucide-react'
import { canonicalize } from '../../../../server/pages/shown.js'
import { jsonLines, Seen, type Line } from '../../parts/seen.tsx'
import { Subject } from '../../parts/subject.tsx'
import { Id, Pairs, Time } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { ApprovalChanges } from './approval-changes.tsx'
import type { Shown } from './approval-queries.ts'

const t = words.approvals

export function ApprovalBody({ shown }: { shown: Shown }) {
  const { approval, why } = shown
  const isOpen = approval.status === 'open'
  return (
    <Grid>
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <Stack gap="md">
          <Alert
            color={isOpen ? 'orange' : 'gray'}
            icon={<CircleHelp aria-hidden />}
            title={isOpen ? t.why : t.whyOver}
          >
            <List size="sm" spacing={4}>
              {why.length === 0 && <List.Item>{t.whyGrant}</List.Item>}
              {why.map((sentence) => (
                <List.Item key={sentence}>
                  <Seen of={sentence} />
                </List.Item>
              ))}
            </List>
            {isOpen && (
              <Text size="sm" mt="xs">
                {t.whyOnce}
              </Text>
            )}
          </Alert>
          {approval.opening !== null && <Arguments args={approval.opening.args} />}
          {approval.opening !== null && <ApprovalChanges approval={approval} />}
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <TheCall shown={shown} />
      </Grid.Col>
    </Grid>
  )
}

function TheCall({ shown: { approval, names } }: { shown: Shown }) {
  const nameOf = (id: string) => names[id] ?? id
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={2}>{t.theCall}</Title>
        <Pairs
          of={[
            [t.agent, <Subject key="agent" of={approval.agent} names={names} />],
            [t.server, <Seen key="server" of={approval.server} />],
            [t.tool, <Seen key="tool" of={approval.tool} />],
            [t.point, <Id key="point" of={approval.point} name={names[approval.point]} />],
            [
              t.behind,
              approval.behind.length === 0
                ? t.behindOther(approval.iss)
                : approval.behind.map(nameOf).join(', '),
            ],
            [t.delegation, <Subject key="jti" of={approval.jti} names={names} />],
            [t.asked, <Time key="asked" at={approval.requested} />],
            ...(approval.approver === null ? [] : [[t.by, nameOf(approval.approver)] as const]),
            ...(approval.decided === null
              ? []
              : [[t.decidedNote, <Time key="decided" at={approval.decided} />] as const]),
            [t.identifier, <Id key="id" of={approval.id} />],
            [t.action, <Id key="action" of={approval.action} />],
          ]}
        />
        <Text size="sm" c="dimmed">
          {t.behindNote}
        </Text>
      </Stack>
    </Paper>
  )
}

function Arguments({ args }: { args: unknown }) {
  const lines = jsonLines(args)
  const unseen = lines.flat().filter((piece) => piece.unseen).length
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>{t.arguments}</Title>
      {unseen > 0 && (
        <Alert color="red" icon={<ShieldAlert aria-hidden />}>
          {t.unseen(unseen)}
        </Alert>
      )}
      <ArgumentLines lines={lines} />
      <Text size="sm" c="dimmed">
        {t.argumentsSize(count(canonicalize(args).length))}
      </Text>
    </Stack>
  )
}

export function ArgumentLines({ lines }: { lines: readonly Line[] }) {
  return (
    <pre className="lines" tabIndex={0} aria-label={t.arguments}>
      {lines.map((line, at) => (
        <span key={at} data-line>
          <Seen of={line} />
          {'\n'}
        </span>
      ))}
    </pre>
  )
}
