export default {
  pages: ['pages/index/index'],
  window: {
    navigationBarTitleText: '兔窝小店',
    navigationBarBackgroundColor: '#f3f5f3',
    navigationBarTextStyle: 'black',
  },
}
