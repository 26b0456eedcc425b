const { sharing, wrapPage } = require('../../tracking')

Page(
  wrapPage({
    data: { card: { title: '创维洗衣机，今天 1420 元', path: '/pages/index/index?from=share&goods=washer' } },

    // The function's own result goes to the host untouched; that it was asked for is tracked as c_share.
    onShareAppMessage: sharing.share(function () {
      return this.data.card
    }),

    onShareTimeline: sharing.share(function () {
      return { title: this.data.card.title, query: 'from=timeline' }
    }),

    onAddToFavorites: sharing.favourite(function () {
      return { title: this.data.card.title }
    }),
  }),
)
