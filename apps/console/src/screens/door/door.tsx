/** The frame of screens that nobody is signed in for. @module */
import { Container, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { ShieldCheck } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'

export function Door({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Countersign`
  }, [title])
  return (
    <Container component="main" size={460} pt={{ base: 32, sm: 96 }}>
      <Stack>
        <Group gap="xs" justify="center">
          <ShieldCheck size={26} aria-hidden />
          <Text fw={700} size="lg">
            Countersign
          </Text>
        </Group>
        <Paper withBorder p="xl" shadow="sm">
          <Stack>
            <Title order={1}>{title}</Title>
            <Text c="dimmed">{lead}</Text>
            {children}
          </Stack>
        </Paper>
      </Stack>
    </Container>
  )
}
