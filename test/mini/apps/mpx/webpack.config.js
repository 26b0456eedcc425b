const { resolve } = require('node:path')
const MpxWebpackPlugin = require('@mpxjs/webpack-plugin')

module.exports = {
  mode: 'production',
  context: __dirname,
  entry: { app: './src/app.mpx' },
  output: { path: resolve(__dirname, 'dist'), publicPath: '/' },
  module: {
    rules: [
      { test: /\.mpx$/, use: MpxWebpackPlugin.loader({}) },
      { test: /\.wxml$/, use: MpxWebpackPlugin.wxmlLoader() },
      { test: /\.json$/, resourceQuery: /asScript/, type: 'javascript/auto' },
      { test: /\.(wxs|qs|sjs|filter\.js)$/, use: [MpxWebpackPlugin.wxsPreLoader()], enforce: 'pre' },
    ],
  },
  resolve: { extensions: ['.mpx', '.js', '.wxml', '.vue'] },
  plugins: [new MpxWebpackPlugin({ mode: 'wx', srcMode: 'wx' })],
}
