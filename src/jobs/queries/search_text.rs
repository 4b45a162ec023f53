//! Text of searches: equal for texts that differ in case or in the composition of their letters only.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use serde::Serialize;

/// Text that was normalized (Unicode NFC) and case-folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchText(String);

impl SearchText {
    /// Normalizes and case-folds a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self(text.to_ascii_lowercase());
        }
        let nfc = ComposingNormalizer::new_nfc();
        let folded = CaseMapper::new().fold_string(&nfc.normalize(text)).into_owned();
        // Case folding can decompose letters.
        Self(nfc.normalize(&folded).into_owned())
    }

    /// Returns whether `text` contains this one.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        Self::new(text).0.contains(&self.0)
    }
}
