//! Images: the generated network and the runtime, built by the cross compiler and cached by content.
