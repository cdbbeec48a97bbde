/** Says what is missing when twelve-lines.ts is started without a gateway to talk to. @module */
if (process.argv.length < 3) {
  process.stderr.write(
    'usage: node examples/twelve-lines.ts COMMAND ARGUMENT…\n' +
      'COMMAND and its arguments start the gateway, in a folder with agent.chain, agent.key.json and files/notes.txt.\n' +
      'README.md, "From first start to a verified pack", makes all of them.\n',
  )
  process.exit(2)
}
