window.LIVE = null;
