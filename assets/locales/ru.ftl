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
