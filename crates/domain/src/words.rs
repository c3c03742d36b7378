//! The interface's words for types, kinds, statuses, decisions and relations, as the users' guide has them.

use crate::{ApplicationType, AttachmentKind, DecisionKind, Relation, Status};

impl ApplicationType {
    /// All types, in the order of the guide.
    pub const ALL: [Self; 3] = [Self::Choice, Self::Cancellation, Self::Detachment];

    /// The name in the interface.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Choice => "Заявление о выборе МО",
            Self::Cancellation => "Отмена заявления о выборе МО",
            Self::Detachment => "Заявление об откреплении от МО",
        }
    }

    /// The code of the protocol.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Choice => "choice",
            Self::Cancellation => "cancellation",
            Self::Detachment => "detachment",
        }
    }
}

impl AttachmentKind {
    /// All kinds, in the order of the domain's table.
    pub const ALL: [Self; 4] = [Self::Therapeutic, Self::Pediatric, Self::Gynecological, Self::Dental];

    /// The word in the table of results (прикрепление: neuter).
    #[must_use]
    pub const fn table_words(self) -> &'static str {
        match self {
            Self::Therapeutic => "терапевтическое",
            Self::Pediatric => "педиатрическое",
            Self::Gynecological => "гинекологическое",
            Self::Dental => "стоматологическое",
        }
    }

    /// The word in the card (тип прикрепления: masculine).
    #[must_use]
    pub const fn card_words(self) -> &'static str {
        match self {
            Self::Therapeutic => "терапевтический",
            Self::Pediatric => "педиатрический",
            Self::Gynecological => "гинекологический",
            Self::Dental => "стоматологический",
        }
    }

    /// The code of the protocol.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Therapeutic => "therapeutic",
            Self::Pediatric => "pediatric",
            Self::Gynecological => "gynecological",
            Self::Dental => "dental",
        }
    }
}

impl Status {
    /// All statuses, in the order of the guide.
    pub const ALL: [Self; 7] =
        [Self::Sent, Self::Done, Self::Refused, Self::Accepted, Self::Cancelling, Self::Cancelled, Self::CancelFailed];

    /// The words in the table of results.
    #[must_use]
    pub const fn table_words(self) -> &'static str {
        match self {
            Self::Sent => "Отправлено",
            Self::Done => "Услуга оказана",
            Self::Refused => "Отказано",
            Self::Accepted => "Принято",
            Self::Cancelling => "Отменяется",
            Self::Cancelled => "Отменено",
            Self::CancelFailed => "Ошибка отмены",
        }
    }

    /// The words in the card.
    #[must_use]
    pub const fn card_words(self) -> &'static str {
        match self {
            Self::Sent => "заявление отправлено в ведомство",
            Self::Done => "услуга оказана",
            Self::Refused => "отказано в предоставлении услуги",
            Self::Accepted => "заявление принято к рассмотрению",
            Self::Cancelling => "заявление отменяется",
            Self::Cancelled => "заявление отменено",
            Self::CancelFailed => "не удалось отменить заявление",
        }
    }

    /// The code of the protocol.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::CancelFailed => "cancel_failed",
        }
    }
}

impl DecisionKind {
    /// The words of the decision in the answer form.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Provide => "Услуга оказана",
            Self::Refuse => "Отказано в предоставлении услуги",
            Self::ApproveCancel => "Отмена заявления одобрена",
            Self::FailCancel => "Ошибка отмены заявления",
            Self::Detach => "Открепление выполнено",
        }
    }
}

impl Relation {
    /// The word in the card.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Mother => "мать",
            Self::Father => "отец",
            Self::Guardian => "опекун",
        }
    }
}
