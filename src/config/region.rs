//! Regions of Adobe's IPS.

use url::Url;

/// Region with its own IPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// North America.
    NorthAmerica,
    /// Europe, Middle East and Africa.
    EuropeMiddleEastAfrica,
    /// Japan and the rest of Asia Pacific.
    AsiaPacific,
}

/// System of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Production system.
    Production,
    /// Staging system, for tests.
    Staging,
}

impl Region {
    /// All regions.
    pub const ALL: [Self; 3] = [Self::NorthAmerica, Self::EuropeMiddleEastAfrica, Self::AsiaPacific];

    /// Returns its name in the settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NorthAmerica => "na",
            Self::EuropeMiddleEastAfrica => "emea",
            Self::AsiaPacific => "apac",
        }
    }

    /// Returns the URL of the `IpsApiService` of a system.
    pub(super) fn url(self, system: System) -> Url {
        let host = match self {
            Self::NorthAmerica => "s7sps1apissl",
            Self::EuropeMiddleEastAfrica => "s7sps3apissl",
            Self::AsiaPacific => "s7sps5apissl",
        };
        let suffix = match system {
            System::Production => "",
            System::Staging => "-staging",
        };
        let url = format!("https://{host}{suffix}.scene7.com/scene7/services/IpsApiService");
        Url::parse(&url).expect("a host name of letters makes a URL")
    }

    /// Returns the region and the system with the host of `url`; `None` for other hosts.
    #[must_use]
    pub fn at(url: &Url) -> Option<(Self, System)> {
        let systems = [System::Production, System::Staging];
        let mut all = Self::ALL.into_iter().flat_map(|region| systems.map(|system| (region, system)));
        all.find(|(region, system)| region.url(*system).host_str() == url.host_str())
    }
}
