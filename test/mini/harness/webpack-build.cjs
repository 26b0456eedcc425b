// One build of the webpack configuration in the working folder. Argument: the builders' folder.
const { join } = require('node:path')

const webpack = require(join(process.argv[2], 'node_modules/webpack'))

webpack(require(join(process.cwd(), 'webpack.config.js')), (error, stats) => {
  if (!error && !stats.hasErrors() && !stats.hasWarnings()) return
  console.error(error ?? stats.toString({ all: false, errors: true, warnings: true }))
  process.exitCode = 1
})
