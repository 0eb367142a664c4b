// Sends the one form of the page on its way. The button does the same without this.
document.getElementById("authorize").requestSubmit();
