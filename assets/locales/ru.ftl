# Every text of the window. A key is `area-thing`; sections stand in the alphabet's order.

## Copying

copy-value = Скопировать: { $name }
copy-hint = Скопировать

## Dates

date-bad = Введите дату, например 21.11.2026
date-impossible = Нет такой даты
date-year = Год — от 1900 до 2099
date-hint = дд.мм.гггг
date-open = Открыть календарь: { $field }
date-open-hint = Календарь (клавиша ↓)
date-today = Сегодня
date-month-back = Предыдущий месяц
date-month-on = Следующий месяц
date-year-back = Предыдущий год
date-year-on = Следующий год
# The name of the calendar's days for a screen reader.
date-days = Календарь, выбран день { $day }
# A month above the calendar's days.
date-month =
    { $month ->
        [1] Январь
        [2] Февраль
        [3] Март
        [4] Апрель
        [5] Май
        [6] Июнь
        [7] Июль
        [8] Август
        [9] Сентябрь
        [10] Октябрь
        [11] Ноябрь
       *[12] Декабрь
    } { $year }
# A date in words: «21 ноября 2026».
date-words =
    { $day } { $month ->
        [1] января
        [2] февраля
        [3] марта
        [4] апреля
        [5] мая
        [6] июня
        [7] июля
        [8] августа
        [9] сентября
        [10] октября
        [11] ноября
       *[12] декабря
    } { $year }
# Two letters above a column of the calendar; 1 is Monday.
date-weekday =
    { $weekday ->
        [1] Пн
        [2] Вт
        [3] Ср
        [4] Чт
        [5] Пт
        [6] Сб
       *[7] Вс
    }

## Periods

period-from = Период с
period-to = по
period-empty = Укажите дату
period-reversed = Раньше начала периода
period-today = Сегодня
period-week = 7 дней
period-month = Этот месяц
period-quarter = Этот квартал
period-all = Всё время

app-name = Прикрепление онлайн
app-purpose = Заявления с Госуслуг о выборе медицинской организации
check-failed = не проходит проверку

span-minutes =
    { $count ->
        [one] { $count } минута
        [few] { $count } минуты
       *[many] { $count } минут
    }
span-hours =
    { $count ->
        [one] { $count } час
        [few] { $count } часа
       *[many] { $count } часов
    }
span-days =
    { $count ->
        [one] { $count } день
        [few] { $count } дня
       *[many] { $count } дней
    }

## Вход

sign-in-server = Адрес регистра
sign-in-server-hint = https://register.example
sign-in-login = Логин
sign-in-password = Пароль
sign-in-new-password = Новый пароль
sign-in-new-password-again = Новый пароль ещё раз
sign-in-new-password-differs = Пароли не совпали: наберите ещё раз
sign-in-change = Сменить пароль и войти
sign-in-passphrase = Парольная фраза этого рабочего места
sign-in-passphrase-choose = Придумайте парольную фразу (не меньше 8 знаков)
sign-in-passphrase-why = В этой системе нет хранилища паролей: фраза защищает заявления, сохранённые на компьютере.
sign-in-fill = Заполните это поле
sign-in-enter = Войти
sign-in-afresh = Начать с новым хранилищем
sign-in-demo = Попробовать на демонстрационных данных
entry-busy = Вход…
entry-demo-busy = Готовлю демонстрационные данные…
entry-leaving = Завершаю работу…
entry-no-link = { $why }. Проверьте адрес и сеть: первый вход на этом компьютере возможен только при связи.
entry-change-password = Пароль задан администратором или устарел: придумайте новый, чтобы войти
entry-ca-file = Файл сертификатов региона { $path } не читается: { $why }. Сообщите администратору: его задают ключом --ca-file.
entry-choose-passphrase = Остался один шаг: придумайте фразу, она понадобится при каждом запуске
entry-internal = Внутренний сбой при входе: попробуйте ещё раз
entry-reads-nothing = Эта учётная запись не читает заявления: войдите как регистратор
entry-open-elsewhere = Программа уже открыта на этом компьютере под этим именем: перейдите в то окно

## Область уведомлений

background-open = Открыть
background-quit = Выйти
background-sign-in = Войдите, чтобы получать новые заявления

## Блокировка

lock-title = Заблокировано
lock-unlock = Разблокировать
lock-wrong = Неверный пароль
lock-demo-hint = Пароль демонстрации: { $password }

## Меню и строка состояния

menu-applications = Заявления ЕГИСЗ
menu-outbox = Отправка
menu-statistics = Статистика
menu-settings = Настройки
menu-lock = Заблокировать
badge-pending =
    { $count ->
        [one] { $count } заявление ждёт ответа
        [few] { $count } заявления ждут ответа
       *[many] { $count } заявлений ждут ответа
    }
badge-undelivered =
    { $count ->
        [one] { $count } ответ ещё не доставлен
        [few] { $count } ответа ещё не доставлены
       *[many] { $count } ответов ещё не доставлено
    }
badge-rejected =
    { $count ->
        [one] { $count } ответ отклонён
        [few] { $count } ответа отклонено
       *[many] { $count } ответов отклонено
    }
clock-ahead = Часы этого компьютера спешат по сравнению с регистром (разница { $span }): время и даты ответов будут неверны. Исправьте время.
clock-behind = Часы этого компьютера отстают по сравнению с регистром (разница { $span }): время и даты ответов будут неверны. Исправьте время.
disk-full = На диске этого компьютера нет места: ответы и черновики не сохраняются. Освободите место, набранное останется в форме, и отправьте ответ снова.
disk-low = На диске этого компьютера осталось { $megabytes } МБ. Освободите место: когда его не станет, ответы и черновики не будут сохраняться.
disk-refusing = Диск этого компьютера не принимает запись: ответы и черновики не сохраняются. Сообщите администратору; набранное остаётся в форме.
status-refresh = Обновить
status-updated = Обновлено в { $at }
status-never-updated = Ещё не обновлялось
status-pulling =
    { $count ->
        [one] Получено { $count } заявление…
        [few] Получено { $count } заявления…
       *[many] Получено { $count } заявлений…
    }
status-queued =
    { $count ->
        [one] В очереди { $count } ответ
        [few] В очереди { $count } ответа
       *[many] В очереди { $count } ответов
    }
link-starting = соединение…
link-online = на связи
link-offline = нет связи, работаем с сохранённым ({ $why })
link-refused = регистр не пускает: { $why }. Выйдите и войдите снова.
link-faulty = связь есть, но список не обновляется: { $why }
progress-pulling =
    { $count ->
        [one] Первая загрузка: { $count } заявление, { $rate } в секунду. Работать уже можно.
        [few] Первая загрузка: { $count } заявления, { $rate } в секунду. Работать уже можно.
       *[many] Первая загрузка: { $count } заявлений, { $rate } в секунду. Работать уже можно.
    }

## Список

filter-patient = GUID пациента
filter-snils = СНИЛС
filter-type = Тип заявления
filter-kind = Тип прикрепления
filter-status = Статус заявления
filter-all = Все
filter-pending = Ждут ответа
filter-search = Поиск
filter-reset = Сбросить
list-results = Результаты поиска
list-found =
    { $count ->
        [one] найдено { $count } заявление
        [few] найдено { $count } заявления
       *[many] найдено { $count } заявлений
    }
type-choice = Выбор МО
type-cancellation = Отмена
type-detachment = Открепление
list-searching = идёт поиск…
list-name = Поиск по ФИО
list-name-hint = Фамилия, имя…
list-sort-hint = Нажмите, чтобы упорядочить; ещё раз — в обратном порядке
list-export = Выгрузить
list-export-xlsx = В Excel (XLSX)
list-export-csv = В CSV
list-try-again = Попробовать ещё раз
list-refresh = Обновить
list-still-loading = Заявления загружаются с регистра…
list-nothing-yet = Заявлений здесь ещё нет: они появятся, когда будет связь с регистром.
list-register-is-empty = Регистр прислал пустой список: заявлений для вашей МО нет.
list-nothing-found = Ничего не найдено. Измените условия поиска или нажмите «Сбросить».
column-name = ФИО пациента
column-snils = СНИЛС
column-kind = Тип прикрепления
column-created = Дата заявления
column-type = Тип заявления
column-status = Статус

## Карточка

card-loading = Загрузка…
card-close = Закрыть карточку
card-copy-id = Скопировать идентификатор
card-gone = Заявления { $id } больше нет в списке регистра.
card-on-its-way = ответ в пути
card-status = Статус заявления
card-patient-guid = GUID пациента
card-snils = СНИЛС
card-patient = ФИО пациента
card-birth-date = Дата рождения
card-policy = Полис ОМС
card-phone = Телефон
card-registration-address = Адрес регистрации
card-residence-address = Место жительства
card-organization = МО
card-department = Подразделение МО
card-district = Номер участка
card-created = Дата заявления
card-changed = Дата изменения
card-kind = Тип прикрепления
card-doctor = ФИО врача
card-doctor-position = Должность врача
card-applicant-guid = GUID заявителя
card-applicant = Заявитель
card-relation = Отношение
card-refusal-reason = Причина отказа в прикреплении
card-cancel-result = Результат запроса на отмену
card-cancel-reason = Причина отмены
card-answered-by = Сотрудник, ответивший на заявление
linked-cancellation = По этому заявлению подана отмена.
linked-choice = Это отмена заявления о выборе МО.
linked-open = Перейти к нему
linked-absent = Само заявление ({ $id }) регистр ещё не прислал.

## Ответ

answer-heading-choice = Ответ на заявление о выборе МО
answer-heading-cancellation = Ответ на отмену заявления о выборе МО
answer-heading-after-failed-cancel = Ответ по результату оказания услуги (отмена не удалась)
answer-heading-detachment = Ответ на заявление об откреплении
answer-status = Статус заявления
answer-district = Номер участка прикрепления
answer-district-hint = номер или врач
answer-doctor = ФИО врача
answer-doctor-hint = начните вводить фамилию
answer-position = Должность врача
answer-refusal-reason = Причина отказа в прикреплении
answer-refusal-hint = выберите или введите
answer-date = Дата ответа
answer-date-today = Сегодня
answer-comment = Комментарий к ответу
answer-comment-left =
    { $count ->
        [one] остался { $count } знак
        [few] осталось { $count } знака
       *[many] осталось { $count } знаков
    }
answer-send = Отправить
answer-sending = Записываю…
answer-mistakes =
    { $count ->
        [one] { $count } поле нужно исправить
        [few] { $count } поля нужно исправить
       *[many] { $count } полей нужно исправить
    }
answer-kept = Ответ записан и отправляется.
answer-rejected = Ответ отклонён. Исправьте и отправьте снова.
answer-superseded = Ответить на само заявление уже нельзя: по нему подана отмена. Отвечайте на неё.
answer-given = Ответ дан: { $decision }. { $by }, { $at }.
answer-cancelling = Заявление отменяется на Госуслугах. Ответить можно будет на отмену, когда она придёт.
answer-none-possible = Ответ не нужен: статус «{ $status }».
answer-read-only = Ваша учётная запись только читает заявления.
answer-leftover = Вы начали ответ, но он уже не нужен:
answer-leftover-copy = Скопировать введённое
answer-leftover-drop = Удалить черновик
answer-provided = участок { $district }, { $doctor }, { $position }
history = История
history-received = Заявление получено { $at }
history-answer = { $at }, { $by }
hop-queued = в очереди
hop-queued-tried =
    { $count ->
        [one] в очереди, { $count } попытка
        [few] в очереди, { $count } попытки
       *[many] в очереди, { $count } попыток
    }
hop-queued-trouble =
    { $count ->
        [one] в очереди, { $count } попытка: { $words }
        [few] в очереди, { $count } попытки: { $words }
       *[many] в очереди, { $count } попыток: { $words }
    }
hop-registered = принято регистром
hop-delivered = доставлено на Госуслуги
hop-delivered-at = доставлено на Госуслуги { $at }
hop-rejected = отклонено: { $words }

## Отправка

outbox-title = Отправка
outbox-empty = Все ответы доставлены.
outbox-count =
    { $count ->
        [one] { $count } ответ ещё не доставлен или отклонён
        [few] { $count } ответа ещё не доставлены или отклонены
       *[many] { $count } ответов ещё не доставлены или отклонены
    }
outbox-not-here = Заявление не загружено
outbox-open = Открыть карточку
outbox-rework = Вернуть на доработку
outbox-retry = Повторить
outbox-answered = Ответ дан
outbox-decision = Решение
outbox-tries = Попыток
outbox-last-try = Последняя попытка
outbox-next-try = Следующая попытка

## Статистика

journal-title = Журнал действий
journal-region = весь регион
journal-login = Логин
journal-act = Действие
journal-all-acts = Все
journal-patient = GUID пациента: кто смотрел его карточку
journal-application = GUID заявления
journal-seek = Найти
journal-busy = Регистр ищет…
journal-empty = Таких записей нет.
journal-found =
    { $count ->
        [one] показана { $count } запись
        [few] показаны { $count } записи
       *[many] показано { $count } записей
    }
journal-more = Показать ещё, более ранние
journal-number = №
journal-time = Время
journal-who = Кто
journal-role = Роль
journal-where = Откуда
journal-what = Что
journal-details = Подробности
stats-title = Статистика
stats-count = Посчитать
stats-counting =
    { $count ->
        [one] Прочитано { $count } заявление…
        [few] Прочитано { $count } заявления…
       *[many] Прочитано { $count } заявлений…
    }
stats-empty = За этот период заявлений нет.
stats-total = Заявлений
stats-pending = Ждут ответа
stats-median = Обычное время до ответа
stats-oldest = Дольше всех ждёт
stats-by-day = Заявления по дням
stats-by-status = По статусам
stats-refusals = Отказы по причинам
stats-no-refusals = Отказов нет
stats-other-reasons = прочие причины
stats-press = Нажмите, чтобы увидеть эти заявления в списке

## Настройки

settings-title = Настройки
settings-look = Вид
settings-theme = Оформление
settings-theme-system = как в системе
settings-theme-light = светлое
settings-theme-dark = тёмное
settings-zoom = Размер текста
settings-work = Работа
settings-notifications = Уведомлять о новых заявлениях
settings-keep-drafts = Сохранять черновики ответов
settings-lock = Блокировать через
settings-lock-mins = мин. без работы (0 — никогда)
settings-about = О программе
settings-server = Регистр
settings-zone = Часовой пояс МО
settings-zone-when = (для проверки дат — со следующего входа)
zone-kaliningrad = Калининград (UTC+2)
zone-moscow = Москва (UTC+3)
zone-samara = Самара (UTC+4)
zone-yekaterinburg = Екатеринбург (UTC+5)
zone-omsk = Омск (UTC+6)
zone-barnaul = Барнаул (UTC+7)
zone-irkutsk = Иркутск (UTC+8)
zone-yakutsk = Якутск (UTC+9)
zone-vladivostok = Владивосток (UTC+10)
zone-magadan = Магадан (UTC+11)
zone-kamchatka = Камчатка (UTC+12)
settings-data = Где лежат данные
settings-version = Версия
settings-leave = Выход
settings-sign-out = Выйти
settings-sign-out-wipe = Выйти и удалить данные с этого компьютера…
settings-undelivered =
    { $count ->
        [one] { $count } ответ есть только на этом компьютере
        [few] { $count } ответа есть только на этом компьютере
       *[many] { $count } ответов есть только на этом компьютере
    }
wipe-title = Удалить данные с этого компьютера?
wipe-what = Заявления, черновики и ключ будут удалены с этого компьютера. В регистре всё останется.
wipe-refused =
    { $count ->
        [one] Удалить нельзя: { $count } ответ ещё не доставлен и есть только здесь. Дождитесь связи или верните его на доработку.
        [few] Удалить нельзя: { $count } ответа ещё не доставлены и есть только здесь. Дождитесь связи или верните их на доработку.
       *[many] Удалить нельзя: { $count } ответов ещё не доставлены и есть только здесь. Дождитесь связи или верните их на доработку.
    }
wipe-yes = Удалить и выйти
wipe-no = Не удалять

## Закрытие окна

close-title = Ответ не отправлен
close-what = Введённое в форму ответа пропадёт: сохранение черновиков выключено в настройках.
close-yes = Закрыть всё равно
close-no = Вернуться

## Выгрузка

export-name = Заявления
export-exists = Такой файл уже есть: введите другое имя.
export-title = Выгрузка списка
export-writing = Записано { $done } из { $total }
export-cancel = Прервать
export-done =
    { $count ->
        [one] Выгружено { $count } заявление
        [few] Выгружено { $count } заявления
       *[many] Выгружено { $count } заявлений
    }
export-file = Файл
export-no-dialog = В этой системе нет окна выбора файла: введите путь.
export-path = Путь к файлу
export-save = Сохранить
export-close = Закрыть

## Клавиши

help-title = Клавиши
help-keys = эта подсказка
help-refresh = обновить сейчас
help-filter = к условиям поиска
help-enter = поиск; открыть карточку; ещё раз — к форме ответа
help-arrows = по списку; с открытой карточкой — к следующему заявлению
help-pages = на экран вверх и вниз
help-ends = в начало и в конец списка
help-type-ahead = начните набирать фамилию — список сузится
help-escape = назад, закрыть карточку
help-send = отправить ответ
help-export = выгрузить список
help-lock = заблокировать
help-zoom = крупнее, мельче
help-tab = к следующему полю
help-close = Закрыть

## Общие части

status-pending = ждёт ответа
