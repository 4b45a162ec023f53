//! Where Adobe runs IPS.

use url::Url;

/// A part of the world with an IPS of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// North America.
    NorthAmerica,
    /// Europe, Middle East and Africa.
    EuropeMiddleEastAfrica,
    /// Japan and the rest of Asia Pacific.
    AsiaPacific,
}

/// Which of a region's systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// The one that the public sees.
    Production,
    /// The one to try things on.
    Staging,
}

impl Region {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::NorthAmerica, Self::EuropeMiddleEastAfrica, Self::AsiaPacific];

    /// Its name in the settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NorthAmerica => "na",
            Self::EuropeMiddleEastAfrica => "emea",
            Self::AsiaPacific => "apac",
        }
    }

    /// The service URL of its production or staging system.
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

    /// The region and the system that are reached at this host, however the URL was given; `None` for a host that is none of Adobe's.
    #[must_use]
    pub fn at(url: &Url) -> Option<(Self, System)> {
        let systems = [System::Production, System::Staging];
        let mut all = Self::ALL.into_iter().flat_map(|region| systems.map(|system| (region, system)));
        all.find(|(region, system)| region.url(*system).host_str() == url.host_str())
    }
}
