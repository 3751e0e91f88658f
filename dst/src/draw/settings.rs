//! Draws the function's settings.

use std::collections::BTreeMap;

use super::draft::Draft;
use crate::names::{AWAY, CERTIFICATE_TAG, DNS, HOME, ZONE_TAG};

impl Draft {
    pub(super) fn settings(&mut self) -> BTreeMap<&'static str, String> {
        let mut settings = BTreeMap::new();
        if self.chance(25) {
            settings.insert("HOSTED_ZONE_TAG", format!("{}={}", ZONE_TAG.0, ZONE_TAG.1));
        }
        if self.chance(20) {
            let (key, value) = CERTIFICATE_TAG;
            settings.insert("CERTIFICATE_TAG", format!("{key}={value}"));
        }
        if self.chance(20) {
            let domains = self.pick(&["d0.com", "d0.com,notd0.com", "a.d0.com,d1.com"]);
            settings.insert("ALLOWED_DOMAINS", domains.to_owned());
        }
        if self.chance(40) {
            settings.insert("HOSTED_ZONE_ROLE_ARNS", format!("arn:aws:iam::{DNS}:role/dns"));
        }
        if self.chance(25) {
            settings.insert("CERTIFICATE_ROLE_NAME", "certificates".to_owned());
        }
        if self.chance(30) {
            settings.insert("REGIONS", format!("{HOME},{AWAY}"));
        }
        if self.chance(4) {
            settings.insert("DRY_RUN", "true".to_owned());
        }
        settings
    }
}
